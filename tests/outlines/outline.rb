# Prints FILE, LINE and NAME of all that Ruby's own parser finds in a folder.

def name_of(node)
  case node.type
  when :COLON2 then [node.children[0] && name_of(node.children[0]), node.children[1]].compact.join(".")
  else node.children[0].to_s
  end
end

# What `Struct.new` and its like make is a class.
def makes_class?(value)
  return false unless value.is_a?(RubyVM::AbstractSyntaxTree::Node)
  return makes_class?(value.children[0]) if value.type == :ITER
  return false unless value.type == :CALL && value.children[0]&.type == :CONST
  [%i[Struct new], %i[Class new], %i[Module new], %i[Data define]].include?([value.children[0].children[0], value.children[1]])
end

def defined(node)
  case node.type
  when :CLASS, :MODULE then [node.children[0].first_lineno, name_of(node.children[0])]
  when :DEFN then [node.first_lineno, node.children[0].to_s]
  when :DEFS then [node.first_lineno, node.children[1].to_s]
  when :CDECL then [node.first_lineno, node.children[-2].to_s] if makes_class?(node.children.last)
  end
end

def walk(node, scope, path)
  return unless node.is_a?(RubyVM::AbstractSyntaxTree::Node)
  line, name = defined(node)
  scope += [name] if name
  puts [path, line, scope.join(".")].join("\t") if name
  node.children.flatten.each { |child| walk(child, scope, path) }
end

Dir.chdir(ARGV[0])
Dir.glob("**/*.rb").sort.each do |path|
  walk(RubyVM::AbstractSyntaxTree.parse_file(path), [], path)
rescue SyntaxError, ArgumentError
  warn "skipped #{path}"
end
