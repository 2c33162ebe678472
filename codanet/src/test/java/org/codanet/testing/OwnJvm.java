package org.codanet.testing;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a program of the tests in a separate JVM, with the modules of the calling test. */
public final class OwnJvm {
    private OwnJvm() {}

    /**
     * A process that is ready to start.
     *
     * @param program a class of this module's tests with a main method
     * @param flags for the JVM
     */
    public static ProcessBuilder of(Class<?> program, List<String> flags, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector"));
        command.addAll(flags);
        String modules = System.getProperty("jdk.module.path");
        if (modules == null) {
            command.add("--enable-native-access=ALL-UNNAMED");
        } else {
            command.addAll(List.of(
                    "--module-path=" + modules,
                    "--add-modules=org.codanet",
                    "--enable-native-access=org.codanet.bindings"));
        }
        // The classes of the tests are on the class path, in no module.
        command.addAll(List.of(
                "-cp",
                classes(program) + File.pathSeparator + System.getProperty("java.class.path"),
                program.getName()));
        command.addAll(arguments);
        return new ProcessBuilder(command);
    }

    private static Path classes(Class<?> program) {
        try {
            Path folder = Path.of(
                    program.getResource(program.getSimpleName() + ".class").toURI());
            for (int i = program.getName().split("\\.").length; i > 0; i--) {
                folder = folder.getParent();
            }
            return folder;
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the class file of " + program.getName() + " has no path", e);
        }
    }
}
