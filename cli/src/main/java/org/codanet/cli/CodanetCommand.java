package org.codanet.cli;

import org.codanet.cli.command.BenchCommand;
import org.codanet.cli.command.ConvertCommand;
import org.codanet.cli.command.DoctorCommand;
import org.codanet.cli.command.EvaluateCommand;
import org.codanet.cli.command.ExplainCommand;
import org.codanet.cli.command.InspectCommand;
import org.codanet.cli.command.ManPagesCommand;
import org.codanet.cli.command.PlanCommand;
import org.codanet.cli.command.PredictCommand;
import org.codanet.cli.command.QuickstartCommand;
import org.codanet.cli.command.TrainCommand;
import org.codanet.cli.console.Version;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command that holds all others. */
@Command(
        name = "codanet",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Image classifiers that explain themselves exactly: train, evaluate and explain CoDA-Nets.",
        subcommands = {
            QuickstartCommand.class,
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ExplainCommand.class,
            ConvertCommand.class,
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
            "  codanet explain photo.png                 explain a photograph",
            "  codanet doctor                            what works on this machine, and what does not",
            "",
            "Exit codes: 0 done; 1 failed, such as for a file that is missing or holds something else; 2 wrong usage; 130"
                    + " stopped by Ctrl-C; 141 stopped because nobody reads the output any more. Set NO_COLOR to keep colours"
                    + " out."
        })
final class CodanetCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
