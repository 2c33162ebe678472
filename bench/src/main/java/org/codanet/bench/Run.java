package org.codanet.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.openjdk.jmh.Main;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs benchmarks like the command of JMH, and writes the results with a header that describes the machine. */
public final class Run {
    /** Name and version of the file format. */
    static final String SCHEMA = "codanet.jmh/1";

    private Run() {}

    /**
     * Runs the benchmarks. The arguments are those of JMH. The results go to the file of {@code -rff}. Without this option they go
     * to a new file in the folder that the system property {@code codanet.results} names.
     */
    public static void main(String[] arguments) throws IOException, RunnerException {
        CommandLineOptions options;
        try {
            options = new CommandLineOptions(arguments);
        } catch (CommandLineOptionException e) {
            System.err.println("bench/run: " + e.getMessage() + " (-h lists the options)");
            System.exit(2);
            return;
        }
        if (options.shouldHelp()
                || options.shouldList()
                || options.shouldListWithParams()
                || options.shouldListProfilers()
                || options.shouldListResultFormats()
                // JMH writes other formats itself, without a header.
                || options.getResultFormat().orElse(ResultFormatType.JSON) != ResultFormatType.JSON) {
            Main.main(arguments);
            return;
        }
        Path file = options.getResult().hasValue()
                ? Path.of(options.getResult().get())
                : Path.of(System.getProperty("codanet.results", "."), "jmh-" + stamp() + ".json");
        if (file.toAbsolutePath().getParent() != null) {
            Files.createDirectories(file.toAbsolutePath().getParent());
        }
        JsonObject all = new JsonObject();
        all.addProperty("schema", SCHEMA);
        all.add("machine", Machine.header(arguments));
        new Runner(new OptionsBuilder()
                        .parent(options)
                        .resultFormat(ResultFormatType.JSON)
                        .result(file.toString())
                        .build())
                .run();
        all.add("results", JsonParser.parseString(Files.readString(file)));
        Files.writeString(
                file,
                new GsonBuilder()
                                .setPrettyPrinting()
                                .disableHtmlEscaping()
                                .create()
                                .toJson(all) + "\n");
        System.out.println("written: " + file);
    }

    private static String stamp() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replace(":", "");
    }
}
