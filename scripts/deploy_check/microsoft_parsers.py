#!/usr/bin/env python3
"""Asks Microsoft's own parsers: microsoft_parsers.py tsql SYNAPSE_FOLDER | tmdl MODEL_FOLDER.

T-SQL is read by ScriptDom, TMDL by the serializer of the Tabular Object Model, which also looks up what
relationships, sort orders and references name. A breach a line.
"""

import os
import re
import sys
from pathlib import Path

os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"  # the runtime needs no ICU then

import dotnetcore2  # noqa: E402
from clr_loader import get_coreclr  # noqa: E402
from pythonnet import set_runtime  # noqa: E402

PACKAGES = Path(dotnetcore2.__file__).parents[1]
SCRIPTDOM = PACKAGES / "mssqlcli/mssqltoolsservice/bin/Microsoft.SqlServer.TransactSql.ScriptDom.dll"
TABULAR = PACKAGES / "pbi_cli/dlls"

# Younger than this parser are the files of a lake as a table (its columns are read as a table's), a table
# written as files, and COPY: warehouse_rules.py has a grammar with them.
LAKE = re.compile(r"OPENROWSET\(BULK '[^']*', DATA_SOURCE = '[^']*', FORMAT = 'DELTA'\)\nWITH \((.*?)\n\) AS r;", re.S)
TAKEN = re.compile(r"^CREATE EXTERNAL TABLE .*?\) AS (?=SELECT )")


def start_runtime():
    config = PACKAGES / "deploy_check.runtimeconfig.json"
    config.write_text('{"runtimeOptions": {"tfm": "netcoreapp3.1", "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"}}}')
    set_runtime(get_coreclr(runtime_config=str(config), dotnet_root=str(PACKAGES / "dotnetcore2/bin")))


def tsql(folder):
    from System.IO import StringReader
    from System.Reflection import Assembly

    from synapse_sql import dynamic, scripts

    Assembly.LoadFrom(str(SCRIPTDOM))
    from Microsoft.SqlServer.TransactSql.ScriptDom import TSql150Parser

    def errors(text):
        _, found = TSql150Parser(True).Parse(StringReader(text), None)
        return [(error.Line, error.Message) for error in found]

    count = 0
    for name, text in scripts(folder):
        for line, message in errors(LAKE.sub(r"[lake] AS r;\nGO\nCREATE TABLE [lake] (\1);", text)):
            yield f"{name}:{line}: {message}"
        for line, statement in dynamic(text):
            if not statement.startswith("COPY INTO "):
                yield from (f"{name}:{line}: in the statement it makes: {message}" for _, message in errors(TAKEN.sub("", statement)))
        count += 1
    if not count:
        yield f"{folder}: no script was read"


def stand_in_for_configuration():
    """The model's library asks for an assembly of settings when it words an error; there is none here, so that an
    empty one is made."""
    import clr
    from System import AppDomain, Array, ResolveEventHandler, Type, Version
    from System.Reflection import Assembly, AssemblyName, MethodAttributes, TypeAttributes

    clr.AddReference("System.Reflection.Emit")
    clr.AddReference("System.Collections.Specialized")
    from System.Collections.Specialized import NameValueCollection
    from System.Reflection.Emit import AssemblyBuilder, AssemblyBuilderAccess, OpCodes

    name = AssemblyName("System.Configuration.ConfigurationManager")
    name.Version = Version(4, 0, 3, 0)
    name.SetPublicKey(Assembly.Load("System.Memory").GetName().GetPublicKey())
    made = AssemblyBuilder.DefineDynamicAssembly(name, AssemblyBuilderAccess.Run)
    kind = made.DefineDynamicModule("made").DefineType("System.Configuration.ConfigurationManager", TypeAttributes.Public)
    values = clr.GetClrType(NameValueCollection)
    getter = kind.DefineMethod("get_AppSettings", MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.SpecialName, values, Array[Type]([]))
    code = getter.GetILGenerator()
    code.Emit(OpCodes.Newobj, values.GetConstructor(Array[Type]([])))
    code.Emit(OpCodes.Ret)
    kind.CreateType()
    AppDomain.CurrentDomain.AssemblyResolve += ResolveEventHandler(lambda _, asked: made if asked.Name.startswith(name.Name) else None)


def tmdl(folder):
    from System import Array, Object, String, Type
    from System.Reflection import Assembly

    stand_in_for_configuration()
    for part in (".Core", ".Tabular.Json", "", ".Tabular"):
        library = Assembly.LoadFrom(str(TABULAR / f"Microsoft.AnalysisServices{part}.dll"))
    serializer = library.GetType("Microsoft.AnalysisServices.Tabular.TmdlSerializer")
    read = serializer.GetMethod("DeserializeDatabaseFromFolder", Array[Type]([Type.GetType("System.String")]))
    try:
        read.Invoke(None, Array[Object]([String(str(Path(folder).resolve()))]))
    except Exception as fault:  # of .NET: any
        yield " ".join((fault.InnerException or fault).Message.split())


def main():
    start_runtime()
    import clr  # noqa: F401 (gives Python the namespaces of .NET)

    breaches = list({"tsql": tsql, "tmdl": tmdl}[sys.argv[1]](sys.argv[2]))
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
