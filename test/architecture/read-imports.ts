/** Reads what every source file imports, by TypeScript's own parser: text in strings and comments is no import. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import ts from "typescript";

export interface Import {
  /** Importing file, relative to the repository, with forward slashes. */
  readonly from: string;
  /** Imported file in the same form, or a package's specifier as written. */
  readonly to: string;
  /** Erased before running. */
  readonly isType: boolean;
  /** `import()`: loaded when reached, not at start. */
  readonly isDynamic: boolean;
}

/** Source files (.ts, .js) below the folders, relative to `root`, sorted. */
export function sourceFiles(root: string, folders: readonly string[]): readonly string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .map((file) => join(folder, file.replaceAll("\\", "/")))
        .filter((file) => /\.(?:ts|js)$/.test(file)),
    )
    .sort();
}

export function readImports(root: string, files: readonly string[]): readonly Import[] {
  return files.flatMap((file) => importsOf(file, readFileSync(join(root, file), "utf8")));
}

/** @param from Path of the file, which relative specifiers start from. */
export function importsOf(from: string, text: string): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Expression, kind: { readonly isType: boolean; readonly isDynamic: boolean }): void => {
    if (!ts.isStringLiteralLike(specifier)) return;
    const to = specifier.text.startsWith(".") ? normalize(join(dirname(from), specifier.text)) : specifier.text;
    found.push({ from, to, ...kind });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, { isType: isTypeOnly(node.importClause), isDynamic: false });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node.moduleSpecifier, { isType: node.isTypeOnly, isDynamic: false });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments;
      if (specifier !== undefined) add(specifier, { isType: false, isDynamic: true });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, { isType: true, isDynamic: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(from, text, ts.ScriptTarget.Latest));
  return found;
}

/** `import type ...`, or an import whose every name is marked `type`. */
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly);
}
