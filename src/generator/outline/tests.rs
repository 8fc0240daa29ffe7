//! What each language defines, in the shapes that its own compiler sees.

use super::*;

mod oracle;
mod others;

const GRAIN: Grain = Grain {
    lines: 250,
    bytes: 1 << 18,
};

fn names(path: &str, text: &str) -> Vec<String> {
    let outline = read(path, text, GRAIN);
    outline
        .definitions
        .into_iter()
        .map(|definition| definition.name)
        .collect()
}

/// `expected` are names between blanks; `__blank__` stands for one in a name.
fn check(path: &str, text: &str, expected: &str) {
    let expected: Vec<String> = expected
        .split_whitespace()
        .map(|name| name.replace("__blank__", " "))
        .collect();
    assert_eq!(names(path, text), expected, "{path}: {text}");
}

#[test]
fn python_is_read_as_its_compiler_reads_it() {
    check(
        "a.py",
        r#"
class Early (Base, metaclass=Meta):
    """def not_me(): pass"""
    limit = 3
    async def run (self,
            x): return x
    class Inner:
        def deep(self): pass
if DEBUG:
    def when(): pass
else:
    def when(): pass
try:
    import x
except ImportError:
    class x: pass
match kind:
    case 1:
        def matched(): pass
def outer():
    def inner(): pass
    return lambda: None
type Id = int
type Pair[T] = tuple[T, T]
type(x).y = 3
TEXT = '''
def generated(): pass
'''
with a: 
    def within(): pass
"#,
        "Early Early.run Early.Inner Early.Inner.deep when when x matched outer outer.inner Id Pair within",
    );
}

#[test]
fn javascript_functions_are_found_wherever_they_get_a_name() {
    check(
        "a.mjs",
        r#"
const api = { get() {}, put: async (x) => x, 'two-words'() {}, ['of']() {}, [Symbol.iterator]() {}, n: 3,
  del: function () {} };
export const add = /* why */ (a, b) => a + b;
const wrapped = (/* c */ function () {});
const named = function inner() {};
class K extends L {
  #hidden = () => {};
  static async *walk() {}
  get size() { return 1; }
  set size(v) {}
  constructor() { super(); this.later = function () {}; }
  static { }
}
(function once() {})();
exports.parse = function (text) {};
Socket.prototype.close = function close() {};
table['key'] = () => {};
export default class extends K {}
const C = class { m() {} };
function
split() {}
/* function no() {} */
const text = `function no() {} ${(function inText() {})()}`;
if (a(b)) { }
describe('it', () => { function helper() {} });
"#,
        "get put two-words of [Symbol.iterator] del add wrapped named K K.#hidden K.walk K.size K.size \
         K.constructor K.constructor.later once parse Socket.close key C C.m split inText helper",
    );
}

#[test]
fn typescript_adds_its_types_and_signatures() {
    check(
        "a.d.mts",
        r#"
export declare namespace N { export function inside(): void; namespace M.O { type T = 1 } }
declare module "x/y" { interface Y { z(): void; w: () => void; new (): Y } }
declare global { interface Window { go(a: string): void } }
export abstract class A<T> { abstract f(x: T): void; private g = (e: Event): void => {}; constructor(private a: A,
  readonly b: B) {} delete(id: string): void {} }
export const enum Color { Red }
type Id = string | { m(): void };
function over(a: string): string;
function over(a: number): number;
function over(a: any): any { return a; }
export const pick = <T, K extends keyof T>(o: T): Pick<T, K> => o;
const notMe: React.FC<P> = wrap(({ a }) => null);
"#,
        "N N.inside N.M.O N.M.O.T x/y x/y.Y x/y.Y.z global global.Window global.Window.go A A.f A.g A.constructor \
         A.delete Color Id Id.m over over over pick",
    );
    check(
        "a.TSX",
        "export function App() { return <a b={() => 1}>function no() {}</a>; }",
        "App",
    );
}

#[test]
fn java_members_of_every_kind_are_found() {
    check(
        "A.java",
        r#"package a;
public class A {
  A(int x,
    int y) {}
  public
  static
  int odd() { return 1; }
  <T> void each(List<T> xs) { new Runnable() { public void run() {} }; }
  @interface Conf { String value() default "class No {}"; }
  record P(int x) { P { if (x < 0) throw new E(); } int twice() { return 2 * x; } }
  sealed interface S permits X {}
  non-sealed class X implements S {}
  enum E { ONE { int f() { return 1; } }; abstract int f(); }
}
"#,
        "A A.A A.odd A.each A.each.run A.Conf A.Conf.value A.P A.P.P A.P.twice A.S A.X A.E A.E.ONE.f A.E.f",
    );
}

#[test]
fn go_types_in_groups_and_methods_of_their_types_are_found() {
    check(
        "a.go",
        "package a\n\ntype (\n\tA struct {\n\t\tX int\n\t}\n\tB interface {\n\t\tDo(x int) error\n\t}\n\tC = string\n)\n\
         func Long(\n\ta int,\n) error {\n\ttype local int\n\treturn nil\n}\nfunc (a *A) M(\n) {}\nfunc (a G[T]) N() {}\n\
         func (*A) Nameless() {}\nfunc Map[T interface{ F() }](x interface{ Get() }) {}\nvar H = func() {}\n",
        "A B B.Do C Long Long.local A.M G.N A.Nameless Map Map.F Map.Get",
    );
}

#[test]
fn rust_items_belong_to_their_impl() {
    check(
        "a.rs",
        r##"
macro_rules! my_macro { () => { fn no() {} }; }
pub union U { a: u8 }
pub mod inner { pub fn deep() {} }
#[inline] pub(in crate::a) fn attr() {}
impl<T> Trait for X<T> where T: Clone { type Out = u8; fn method<'a>(&'a self) -> u8 { fn nested() {} 0 } }
impl fmt::Display for &a::Y { fn fmt(&self) {} }
pub extern "system" fn sys() {}
pub fn r#match() {}
trait T2 { type Out; const N: usize; fn req(&self); fn given(&self) {} }
pub const LIMIT: usize = 3;
const S: &str = "fn no() {}";
struct Unit;
enum E { A }
type Map<K> = BTreeMap<K, u8>;
"##,
        "my_macro U inner inner.deep attr X.Out X.method X.method.nested Y.fmt sys r#match T2 T2.Out T2.req T2.given \
         Unit E Map",
    );
}

#[test]
fn marks_line_ends_and_cases_of_endings_change_nothing() {
    for text in [
        "\u{feff}def first():\n    pass\n\n# c\ndef second():\n    pass\n",
        "def first():\r    pass\r\r# c\rdef second():\r    pass\r",
        "def first():\r\n    pass\r\n\r\n# c\r\ndef second():\r\n    pass\r\n",
    ] {
        check("a.py", text, "first second");
        check("A.PY", text, "first second");
        let outline = read("a.py", text, GRAIN);
        assert_eq!(outline.definitions[1].line, 4, "{text:?}");
        assert_eq!(
            text[outline.definitions[1].start..].find("# c"),
            Some(0),
            "{text:?}"
        );
    }
}

#[test]
fn a_definition_begins_with_its_decorators_and_comments() {
    let text = "@app.route(\n    '/x',\n)\ndef a():\n    pass\n\n# about A\n@d\nclass A:\n    # about f\n    def f(self): pass\n";
    let outline = read("a.py", text, GRAIN);
    let lines: Vec<usize> = outline.definitions.iter().map(|d| d.line).collect();
    assert_eq!(lines, [1, 7, 10]);
    assert_eq!(&*outline.definitions[2].context, "class A:");
    let java = "class A {\n  @Override public int f() { return 1; }\n  int g() { return 2; }\n}\n";
    let lines: Vec<usize> = read("A.java", java, GRAIN)
        .definitions
        .iter()
        .map(|d| d.line)
        .collect();
    assert_eq!(lines, [1, 2, 3]);
}

#[test]
fn without_a_grammar_lines_and_indentation_tell() {
    let text = "\u{feff}class Stack {\n  func push(x) {\n  }\n}\nfunc alone() {\n}\n";
    let outline = read("a.swift", text, GRAIN);
    assert!(!outline.is_exact);
    check("a.swift", text, "Stack Stack.push alone");
}

#[test]
fn comments_without_end_take_no_time_and_hide_nothing() {
    let mut text = "def f():\n    pass\n".to_owned();
    for number in 0..64_000 {
        text.push_str(if number % 2 == 0 {
            "# \"\"\" c\n"
        } else {
            "    # c\n\n"
        });
    }
    text.push_str("def g(): pass\n");
    let clock = crate::clock::Stopwatch::start();
    check("a.py", &text, "f g");
    // A quadratic reader takes half a minute.
    assert!(
        clock.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        clock.elapsed()
    );
}

#[test]
fn hostile_nesting_is_read_within_bounds() {
    let deep = |open: &str, close: &str, count: usize| open.repeat(count) + &close.repeat(count);
    for (path, text) in [
        ("a.js", deep("class A { m() { ", "}}", 5_000)),
        ("a.js", deep("(", ")", 50_000)),
        ("a.js", "{[(".repeat(30_000)),
        ("a.py", deep("(", ")", 50_000)),
        ("a.rs", deep("mod m {", "}", 20_000)),
        ("a.java", "class A { void f() { if (".repeat(10_000)),
        ("a.go", "func f() { x := [".repeat(20_000)),
        ("a.ts", "type A<".repeat(40_000)),
    ] {
        let clock = crate::clock::Stopwatch::start();
        let outline = read(path, &text, GRAIN);
        let longest = outline.definitions.iter().map(|d| d.name.len()).max();
        assert!(longest.unwrap_or(0) < 200, "{path}");
        assert!(
            clock.elapsed() < std::time::Duration::from_secs(20),
            "{path}: {:?}",
            clock.elapsed()
        );
    }
}
