package org.codanet.cli.option;

import java.util.LinkedHashMap;
import java.util.Map;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.method.AttributionMethods;
import org.codanet.cli.console.Console;
import picocli.CommandLine.Option;

/** The method that computes an explanation. */
public final class MethodOption {
    private static final String OURS = "ours";

    @Option(
            names = "--method",
            paramLabel = "NAME",
            defaultValue = OURS,
            description =
                    "Method: ours for the network's own contributions, or a post-hoc method (see --methods). Default:"
                            + " ${DEFAULT-VALUE}.")
    String name;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A setting of the method, such as n_steps=20. Repeat the option for several settings.")
    Map<String, String> settings = new LinkedHashMap<>();

    @Option(names = "--methods", description = "List the methods with their settings and defaults, and exit.")
    public boolean list;

    /** Whether the user selected the network's own contributions. */
    public boolean isOurs() {
        return name.equals(OURS) && settings.isEmpty();
    }

    /** The method's name, as part of file names. */
    public String name() {
        return name;
    }

    /**
     * The method with its settings.
     *
     * @throws IllegalArgumentException if there is no such method or setting
     */
    public AttributionMethod method() {
        return AttributionMethods.of(name, settings);
    }

    /** Prints all methods. */
    public static void print(Console console) {
        for (String name : AttributionMethods.names()) {
            StringBuilder settings = new StringBuilder();
            AttributionMethods.defaults(name)
                    .forEach((key, value) ->
                            settings.append(' ').append(key).append('=').append(value));
            console.result(
                    "%-14s %s%s", name, AttributionMethods.description(name), settings.isEmpty() ? "" : ":" + settings);
        }
    }
}
