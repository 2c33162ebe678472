package org.codanet.gpu;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs a main method in another JVM with the libraries of one folder. A process can load CUDA's libraries only once. */
public final class OtherJvm {
    private OtherJvm() {}

    /**
     * Runs a main method to its end.
     *
     * @param libraries value of {@code codanet.cuda.path}; empty for the libraries installed on this machine
     * @return what it printed to standard output
     * @throws AssertionError with the output, if the JVM exits with another status than 0
     */
    public static String output(String libraries, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules",
                "jdk.incubator.vector",
                "-Dcodanet.cuda.path=" + libraries,
                // Each NVRTC has its own cache, separate from the user's.
                "-Dcodanet.cache=" + Path.of("target", "other-jvm", Integer.toHexString(libraries.hashCode())),
                "-cp",
                classPath(),
                main.getName()));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new AssertionError(main.getSimpleName() + " with " + libraries + " ended with status " + status
                        + " and printed: " + output);
            }
            return output;
        } catch (IOException | InterruptedException failure) {
            throw new IllegalStateException(main.getSimpleName() + " with " + libraries + " did not run", failure);
        }
    }

    private static String classPath() {
        return Stream.of(
                        "target/classes",
                        "target/test-classes",
                        System.getProperty("jdk.module.path", ""),
                        System.getProperty("java.class.path", ""))
                .filter(each -> !each.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
