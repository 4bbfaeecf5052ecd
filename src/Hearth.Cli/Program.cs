using System.CommandLine;
using Hearth.Cli;
using Hearth.Cli.Commands;

var root = new RootCommand("Make a language model from your own documents, prove how it was made, and run it.")
{
    UpCommand.Create(),
    TrainCommand.Create(),
    ReproduceCommand.Create(),
    AuditCommand.Create(),
    ForgetCommand.Create(),
    GenerateCommand.Create(),
    ChatCommand.Create(),
    ModelCommand.Create(),
    McpCommand.Create(),
    ServeCommand.Create(),
    BenchCommand.Create(),
    KeyCommand.Create(),
    AuditLogCommand.Create(),
    CorpusCommand.Create(),
};
root.Add(Common.Verbose);
return Common.Run(root, args);
