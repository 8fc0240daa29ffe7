// Prints FILE, LINE and NAME of all that the TypeScript compiler's own parser finds in a folder.
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const [modules, root, ...endings] = process.argv.slice(2);
const ts = createRequire(path.join(modules, "x.js"))("typescript");
const K = ts.SyntaxKind;

const bare = (node) => (node.kind === K.ParenthesizedExpression ? bare(node.expression) : node);
const isFunction = (node) =>
  [K.ArrowFunction, K.FunctionExpression, K.ClassExpression].includes(bare(node).kind);

function spell(name) {
  if (ts.isComputedPropertyName(name) && ts.isStringLiteral(name.expression)) return name.expression.text;
  return ts.isStringLiteral(name) || ts.isNumericLiteral(name) ? name.text : name.getText();
}

function target(left) {
  if (ts.isIdentifier(left)) return left.text;
  if (ts.isPropertyAccessExpression(left)) return left.name.text;
  const isKey = ts.isElementAccessExpression(left) && ts.isStringLiteral(left.argumentExpression);
  return isKey ? left.argumentExpression.text : undefined;
}

const DECLARED = new Set([
  K.FunctionDeclaration, K.ClassDeclaration, K.InterfaceDeclaration, K.EnumDeclaration, K.TypeAliasDeclaration,
  K.MethodDeclaration, K.MethodSignature, K.GetAccessor, K.SetAccessor,
]);
const GIVEN = new Set([K.VariableDeclaration, K.PropertyDeclaration, K.PropertyAssignment]);

function outline(file) {
  const tree = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const named = new Set();
  const put = (node, name) => {
    if (!name || name.length > 80 || /[\n`]/.test(name)) return;
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
    console.log([path.relative(root, file), line + 1, name].join("\t"));
  };
  const visit = (node) => {
    if (DECLARED.has(node.kind) && node.name) put(node.name, spell(node.name));
    else if (node.kind === K.Constructor) put(node, "constructor");
    else if (node.kind === K.ModuleDeclaration && node.parent.kind !== K.ModuleDeclaration) {
      const parts = [];
      for (let part = node; part?.kind === K.ModuleDeclaration; part = part.body) parts.push(part.name.text);
      put(node.name, parts.join("."));
    } else if ([K.FunctionExpression, K.ClassExpression].includes(node.kind) && node.name && !named.has(node))
      put(node.name, node.name.text);
    else if (GIVEN.has(node.kind) && node.initializer && isFunction(node.initializer)) {
      if (!ts.isObjectBindingPattern(node.name) && !ts.isArrayBindingPattern(node.name)) {
        named.add(bare(node.initializer));
        put(node.name, spell(node.name));
      }
    } else if (ts.isBinaryExpression(node) && node.operatorToken.kind === K.EqualsToken && isFunction(node.right)) {
      const name = target(node.left);
      if (name !== undefined) {
        named.add(bare(node.right));
        put(node.left, name);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
}

function walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(file);
    else if (endings.some((ending) => entry.name.endsWith("." + ending))) outline(file);
  }
}
walk(root);
