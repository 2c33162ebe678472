package org.codanet.cli;

import org.codanet.cli.command.BenchCommand;
import org.codanet.cli.command.ConvertCommand;
import org.codanet.cli.command.DoctorCommand;
import org.codanet.cli.command.EvaluateCommand;
import org.codanet.cli.command.EvaluateExplanationsCommand;
import org.codanet.cli.command.ExplainCommand;
import org.codanet.cli.command.ExportCommand;
import org.codanet.cli.command.InitConfigCommand;
import org.codanet.cli.command.InspectCommand;
import org.codanet.cli.command.ManPagesCommand;
import org.codanet.cli.command.PlanCommand;
import org.codanet.cli.command.PredictCommand;
import org.codanet.cli.command.QuickstartCommand;
import org.codanet.cli.command.ServeCommand;
import org.codanet.cli.command.TrainCommand;
import org.codanet.cli.command.VideoCommand;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.Version;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code codanet}, whose subcommands do the work. */
@Command(
        name = "codanet",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Image classifiers with exact explanations: trains, evaluates and explains CoDA-Nets.",
        subcommands = {
            QuickstartCommand.class,
            InitConfigCommand.class,
            TrainCommand.class,
            EvaluateCommand.class,
            EvaluateExplanationsCommand.class,
            PredictCommand.class,
            ExplainCommand.class,
            VideoCommand.class,
            ServeCommand.class,
            ConvertCommand.class,
            ExportCommand.class,
            InspectCommand.class,
            PlanCommand.class,
            DoctorCommand.class,
            BenchCommand.class,
            AutoComplete.GenerateCompletion.class,
            ManPagesCommand.class
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet quickstart                        train, evaluate and explain in a few minutes",
            "  codanet init-config photos/               begin to train on a folder of your own photos",
            "  codanet explain photo.png                 explain the classification of a photograph",
            "  codanet doctor                            check which devices work on this machine",
            "",
            "Exit codes: " + ExitCodes.TEXT + " Set NO_COLOR to switch colours off."
        })
final class CodanetCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
