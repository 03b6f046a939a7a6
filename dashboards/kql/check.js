// Reads {schema: {table: {column: type}}, queries: {name: text}} on standard input and prints, by name, what
// Microsoft's language service says of each query: diagnostics, and the columns that it returns.
"use strict";
const fs = require("fs");
const path = require("path");

const service = path.dirname(require.resolve("@kusto/language-service-next/package.json"));
require(path.join(service, "bridge.min.js")); // makes the global Bridge, which the next one needs
require(path.join(service, "Kusto.Language.Bridge.min.js"));
const { KustoCode, GlobalState, Symbols } = Kusto.Language;

const { schema, queries } = JSON.parse(fs.readFileSync(0, "utf8"));
const tables = Object.entries(schema).map(([table, columns]) => {
  const typed = Object.entries(columns).map(([name, type]) => `['${name}']:${type}`);
  return new Symbols.TableSymbol.$ctor7(table, `(${typed.join(", ")})`, null);
});
const workspace = new Symbols.DatabaseSymbol.ctor("workspace", tables);
const globals = GlobalState.Default.WithDatabase(workspace);

const found = {};
for (const [name, text] of Object.entries(queries)) {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  const said = code.GetDiagnostics();
  const diagnostics = [];
  for (let i = 0; i < said.Count; i += 1) {
    const one = said.getItem(i);
    const line = text.slice(0, one.Start).split("\n").length;
    diagnostics.push(`${one.Severity} ${one.Code} on line ${line}: ${one.Message}`);
  }
  const type = code.ResultType;
  const columns = type && type.Columns ? Bridge.toArray(type.Columns) : [];
  found[name] = { diagnostics, columns: columns.map((c) => `${c.Name}:${c.Type.Name}`) };
}
process.stdout.write(JSON.stringify(found));
