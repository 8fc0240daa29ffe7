// Prints FILE, LINE and NAME of all that the Java compiler's own parser finds in a folder.
import com.sun.source.tree.*;
import com.sun.source.util.*;
import java.io.*;
import java.nio.file.*;
import java.util.*;
import javax.tools.*;

public class Outline {
  public static void main(String[] arguments) throws Exception {
    Path root = Path.of(arguments[0]);
    List<Path> files;
    try (var walk = Files.walk(root)) {
      files = walk.filter(path -> path.toString().endsWith(".java")).sorted().toList();
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null);
    for (int i = 0; i < files.size(); i += 500) {
      var part = manager.getJavaFileObjectsFromPaths(files.subList(i, Math.min(files.size(), i + 500)));
      var quiet = new PrintWriter(OutputStream.nullOutputStream());
      JavacTask task = (JavacTask) compiler.getTask(quiet, manager, problem -> {}, List.of(), null, part);
      SourcePositions places = Trees.instance(task).getSourcePositions();
      for (CompilationUnitTree unit : task.parse()) outline(root, unit, places);
    }
  }

  /** The parser does not keep where a name stands, so only the file and the name are told. */
  static void outline(Path root, CompilationUnitTree unit, SourcePositions places) {
    String file = root.relativize(Path.of(unit.getSourceFile().toUri())).toString();
    new TreeScanner<Void, String>() {
      private void put(String name) {
        System.out.println(file + "\t0\t" + name);
      }

      @Override
      public Void visitClass(ClassTree node, String outer) {
        String name = node.getSimpleName().toString();
        if (name.isEmpty()) return super.visitClass(node, outer);
        put(name);
        return super.visitClass(node, name);
      }

      @Override
      public Void visitMethod(MethodTree node, String outer) {
        String name = node.getName().toString();
        put(name.equals("<init>") ? outer : name);
        return super.visitMethod(node, outer);
      }
    }.scan(unit, "");
  }
}
