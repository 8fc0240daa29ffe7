<?php
// Prints FILE, LINE and NAME of all types, functions and methods that PHP's own lexer finds in a folder.
$root = rtrim($argv[1], '/');
$all = new RecursiveIteratorIterator(new RecursiveDirectoryIterator($root));
foreach (new RegexIterator($all, '/\.php$/') as $file) {
    $tokens = PhpToken::tokenize(file_get_contents($file));
    $tokens = array_values(array_filter($tokens, fn ($token) => !$token->isIgnorable()));
    foreach ($tokens as $at => $token) {
        $before = $tokens[$at - 1] ?? null;
        $name = $tokens[$at + 1] ?? null;
        if ($name?->text === '&') {
            $name = $tokens[$at + 2];
        }
        $isType = $token->is([T_CLASS, T_INTERFACE, T_TRAIT, T_ENUM]) && $name->is(T_STRING);
        $isFunction = $token->is(T_FUNCTION) && $name->text !== '(';
        if (($isType || $isFunction) && !$before?->is([T_DOUBLE_COLON, T_OBJECT_OPERATOR, T_USE, T_CONST, T_NEW])) {
            echo substr($file, strlen($root) + 1), "\t", $name->line, "\t", $name->text, "\n";
        }
    }
}
