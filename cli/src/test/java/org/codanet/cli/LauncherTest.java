package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.codanet.bindings.testing.Skip;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher scripts of the sources and of the image, with a shell script in place of the JVM. */
final class LauncherTest {
    private static final String PRINTS_LOCALE = "#!/bin/sh\necho \"${LC_ALL:-none} ${LANG:-none}\"\n";

    @Test
    void theLauncherOfTheSourcesReadsFileNamesAsUtf8(@TempDir Path folder) throws Exception {
        script(folder.resolve("jdk/bin/java"), PRINTS_LOCALE);
        script(folder.resolve("jdk/bin/javac"), "");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25\"\n");
        Path launcher = copy("bin/codanet", folder);
        Files.createDirectories(folder.resolve("target/launch/app.1/modules"));
        // The file is newer than the script, so that the launcher does not build.
        Files.writeString(folder.resolve("target/launch/built"), "app.1\n");
        check(launcher, Map.of("CODANET_JAVA_HOME", folder.resolve("jdk").toString()));
    }

    @Test
    void theLauncherOfTheImageReadsFileNamesAsUtf8(@TempDir Path folder) throws Exception {
        script(folder.resolve("runtime/bin/java"), PRINTS_LOCALE);
        check(copy("cli/src/main/dist/codanet", folder), Map.of());
    }

    /** The JVM rejects the archive if the name of a parent folder is not ASCII, such as {@code jörg}. */
    @Test
    void doesNotUseAClassArchiveThatTheJvmRejects(@TempDir Path folder) throws Exception {
        script(folder.resolve("tools/mvn"), """
                #!/bin/sh
                mkdir -p cli/target/app/modules cli/target/app/native
                : >cli/target/codanet-cli.jar
                """);
        script(folder.resolve("jdk/bin/java"), """
                #!/bin/sh
                case $1 in
                    -XX:ArchiveClassesAtExit=*) : >"${1#*=}" ;;
                    -XX:SharedArchiveFile=*) exit 1 ;;
                    *) echo "ran with $1" ;;
                esac
                """);
        script(folder.resolve("jdk/bin/javac"), "");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25\"\n");
        Map<String, String> environment = Map.of(
                "CODANET_JAVA_HOME",
                folder.resolve("jdk").toString(),
                "PATH",
                folder.resolve("tools") + ":" + System.getenv("PATH"));

        String output = output(copy("bin/codanet", folder), environment, Map.of());

        assertEquals("ran with -Xshare:auto", output.lines().toList().getLast(), output);
    }

    private static void check(Path launcher, Map<String, String> more) throws Exception {
        assertEquals("C.UTF-8 none", output(launcher, more, Map.of()), "no locale");
        assertEquals("C.UTF-8 C", output(launcher, more, Map.of("LANG", "C")));
        assertEquals("C.UTF-8 de_DE.UTF-8", output(launcher, more, Map.of("LC_ALL", "POSIX", "LANG", "de_DE.UTF-8")));
        assertEquals("C.UTF-8 de_DE.UTF-8", output(launcher, more, Map.of("LANG", "de_DE.UTF-8")), "not installed");
    }

    private static String output(Path launcher, Map<String, String> more, Map<String, String> locale) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(List.of("sh", launcher.toString())).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
        builder.environment().putAll(more);
        builder.environment().putAll(locale);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor(1, TimeUnit.MINUTES);
        return out.strip();
    }

    private static Path copy(String name, Path folder) throws IOException {
        Path top = Path.of("").toAbsolutePath();
        top = Files.isRegularFile(top.resolve(name)) ? top : top.getParent();
        Skip.unless(Files.isExecutable(Path.of("/bin/sh")), "this system has no /bin/sh");
        Path launcher = Files.createDirectories(folder.resolve("bin")).resolve("codanet");
        return script(launcher, Files.readString(top.resolve(name)));
    }

    private static Path script(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        if (!file.toFile().setExecutable(true)) {
            throw new IOException(file + " cannot be made executable");
        }
        return file;
    }
}
