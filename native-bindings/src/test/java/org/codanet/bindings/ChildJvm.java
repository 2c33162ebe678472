package org.codanet.bindings;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A child JVM. Tests start several, because a JVM can load a library only once. */
final class ChildJvm {
    private static final Set<String> SEARCHED =
            Set.of("CUDA_HOME", "CUDA_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "LD_PRELOAD");

    private final Process process;

    private ChildJvm(Process process) {
        this.process = process;
    }

    /** Runs a class's main method with the jar that contains oneDNN on its class path. */
    static ChildJvm start(Class<?> main, Map<String, String> properties, Map<String, String> environment)
            throws IOException {
        return start(
                main, List.of("target/classes", "target/test-classes", carrier().toString()), properties, environment);
    }

    /** Runs a class's main method without that jar. */
    static ChildJvm startWithoutCarrier(Class<?> main, Map<String, String> properties, Map<String, String> environment)
            throws IOException {
        return start(main, List.of("target/classes", "target/test-classes"), properties, environment);
    }

    private static ChildJvm start(
            Class<?> main, List<String> classPath, Map<String, String> properties, Map<String, String> environment)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                String.join(":", classPath)));
        properties.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.add(main.getName());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // The libraries installed on this machine must not influence the tests.
        builder.environment().keySet().removeIf(key -> key.startsWith("CODANET_") || SEARCHED.contains(key));
        builder.environment().putAll(environment);
        return new ChildJvm(builder.start());
    }

    /** Releases a main method that waits for a line of input. */
    void release() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().close();
    }

    /** The output of the JVM. Waits until it has ended. */
    String output() throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("the child JVM did not end; it printed: " + output);
        }
        return output;
    }

    /** The jar that contains oneDNN. */
    static Path carrier() throws IOException {
        URL library = ClassLoader.getSystemResource("org/bytedeco/dnnl/linux-x86_64/libdnnl.so.3");
        if (library == null || !(library.openConnection() instanceof JarURLConnection jar)) {
            throw new IllegalStateException(
                    "org.bytedeco:dnnl, linux-x86_64, is not on the test class path: " + library);
        }
        try {
            return Path.of(jar.getJarFileURL().toURI());
        } catch (URISyntaxException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
