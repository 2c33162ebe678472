package org.codanet.cli.option;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.Failures;
import org.codanet.data.dataset.ImageLoader;
import picocli.CommandLine.Option;

/**
 * What happens if an image cannot be read. By default the command skips the image, lists it at the end and ends with exit code 1. With
 * {@code --strict} it stops at the first such image.
 */
public final class StrictOption {
    @Option(
            names = "--strict",
            description =
                    "Stop at the first image that cannot be read. Default: go on, list these images at the end, and end with exit"
                            + " code 1.")
    boolean strict;

    private final List<IOException> failures = new ArrayList<>();

    /** Whether the command stops at the first image that cannot be read. */
    public boolean isStrict() {
        return strict;
    }

    /**
     * Records an image that cannot be read.
     *
     * @return the reason in one sentence, which begins with the name of the file
     */
    public String add(IOException failure) {
        failures.add(failure);
        return reason(failure);
    }

    /** What a loader does with images that cannot be read: it records them for {@link #report}, or stops if the option is set. */
    public ImageLoader.Unreadable unreadable() {
        return strict ? ImageLoader.Unreadable.STOP : failures::add;
    }

    /** Prints the images that cannot be read, if there are any. The command continues. */
    public void announce(Console console) {
        failures.forEach(failure -> console.say("left out: " + reason(failure)));
    }

    /** Lists the images that could not be read, and returns the exit code of the command. */
    public int report(Console console) {
        return report(console, "");
    }

    /**
     * Lists the images that could not be read.
     *
     * @param images the number of all images
     * @return the exit code of the command
     */
    public int report(Console console, int images) {
        return report(console, "of " + images + " ");
    }

    private int report(Console console, String ofAll) {
        if (failures.isEmpty()) {
            return ExitCodes.SUCCESS;
        }
        String command = "codanet " + console.spec.commandLine().getCommandName() + ": ";
        if (failures.size() == 1) {
            console.warn(command + reason(failures.getFirst()));
        } else {
            console.warn(command + failures.size() + " " + ofAll + "images could not be read:");
            failures.forEach(failure -> console.warn("  " + reason(failure)));
        }
        if (console.verbose) {
            failures.forEach(failure ->
                    failure.printStackTrace(console.spec.commandLine().getErr()));
        }
        return ExitCodes.FAILURE;
    }

    private static String reason(IOException failure) {
        return Failures.sentence(failure, false);
    }
}
