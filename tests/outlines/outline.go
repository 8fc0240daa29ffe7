// Prints FILE, LINE and NAME of all that Go's own parser finds in a folder.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	root := os.Args[1]
	filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") {
			outline(root, path)
		}
		return nil
	})
}

func outline(root, path string) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		return
	}
	below, _ := filepath.Rel(root, path)
	tell := func(name *ast.Ident) {
		fmt.Printf("%s\t%d\t%s\n", below, files.Position(name.Pos()).Line, name.Name)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncDecl:
			tell(node.Name)
		case *ast.TypeSpec:
			tell(node.Name)
		case *ast.InterfaceType:
			for _, member := range node.Methods.List {
				for _, name := range member.Names {
					tell(name)
				}
			}
		}
		return true
	})
}
