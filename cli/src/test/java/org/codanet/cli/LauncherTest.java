package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The launcher scripts of the sources and of the image. Shell scripts replace the JVM and Maven. The launchers run in an empty
 * environment, as under {@code env -i}, and without network access.
 */
final class LauncherTest {
    /** Prints its environment and arguments, one per line. */
    private static final String PRINTS_ALL = "#!/bin/sh\nenv\nfor word in \"$@\"; do echo \"word $word\"; done\n";

    @TempDir
    Path folder;

    enum Kind {
        SOURCES,
        IMAGE
    }

    static Stream<Kind> kinds() {
        return Stream.of(Kind.values());
    }

    /** Creates an installation whose JVM is a shell script. */
    private Path install(Kind kind, Path top, String java) throws IOException {
        if (kind == Kind.IMAGE) {
            Files.createDirectories(top.resolve("modules"));
            script(top.resolve("runtime/bin/java"), java);
            return copy("cli/src/main/dist/codanet", top);
        }
        jdk(java);
        Path launcher = copy("bin/codanet", top);
        Files.createDirectories(top.resolve("target/launch/app.1/modules"));
        // The file is newer than the script, so that the launcher does not build.
        Files.writeString(top.resolve("target/launch/built"), "app.1\n");
        return launcher;
    }

    private void jdk(String java) throws IOException {
        script(folder.resolve("jdk/bin/java"), java);
        script(folder.resolve("jdk/bin/javac"), "");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25\"\n");
    }

    private record Output(int code, String out, String err) {
        void contains(String line) {
            assertTrue(out.lines().anyMatch(line::equals), () -> "'" + line + "' expected in: " + out + err);
        }

        void lacks(String part) {
            assertFalse(out.contains(part), () -> "'" + part + "' is in: " + out);
        }
    }

    private Output run(Path launcher, Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("/bin/sh", launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.redirectOutput(folder.resolve("out").toFile());
        builder.redirectError(folder.resolve("err").toFile());
        builder.environment().clear();
        builder.environment().put("PATH", folder.resolve("tools") + ":/usr/bin:/bin");
        builder.environment().put("CODANET_JAVA_HOME", folder.resolve("jdk").toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertTrue(process.waitFor(1, TimeUnit.MINUTES), "the launcher does not end");
        return new Output(
                process.exitValue(),
                Files.readString(folder.resolve("out"), StandardCharsets.UTF_8),
                Files.readString(folder.resolve("err"), StandardCharsets.UTF_8));
    }

    @BeforeEach
    void requireShell() {
        Skip.unless(Files.isExecutable(Path.of("/bin/sh")), "this system has no /bin/sh");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void fileNamesAreUtf8InEveryLocale(Kind kind) throws Exception {
        Path launcher = install(kind, folder.resolve("top"), PRINTS_ALL);
        for (Map<String, String> locale : List.of(
                Map.<String, String>of(),
                Map.of("LANG", "C"),
                Map.of("LC_ALL", "POSIX", "LANG", "de_DE.UTF-8"),
                Map.of("LANG", "de_DE.UTF-8"),
                Map.of("LC_CTYPE", "ar_EG.ISO-8859-6"))) {
            run(launcher, locale).contains("LC_ALL=C.UTF-8");
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void cdpathDoesNotLeadElsewhere(Kind kind) throws Exception {
        install(kind, folder, PRINTS_ALL);
        Output output = run(Path.of("bin/codanet"), Map.of("CDPATH", folder + ":."), "predict");
        assertEquals(0, output.code(), output.err());
        output.contains("word predict");
        output.lacks("\n" + folder + "\n");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aGarbageCollectorOfTheUserReplacesTheDefault(Kind kind) throws Exception {
        Path launcher = install(kind, folder.resolve("top"), PRINTS_ALL);
        run(launcher, Map.of()).contains("word -XX:+UseParallelGC");
        run(launcher, Map.of("JAVA_TOOL_OPTIONS", "-Xmx1g")).contains("word -XX:+UseParallelGC");
        for (String variable : List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CODANET_JAVA_OPTS")) {
            Output output = run(launcher, Map.of(variable, "-Xmx1g -XX:+UseZGC"));
            output.lacks("UseParallelGC");
            output.contains("word -m");
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theFolderMayHaveAColonOrAnExclamationMark(Kind kind) throws Exception {
        for (String name : List.of("a:b", "wow!", "x y")) {
            if (kind == Kind.IMAGE && name.contains(":")) {
                continue;
            }
            Path top = folder.resolve(name).resolve("top");
            Path launcher = install(kind, top, """
                    #!/bin/sh
                    while [ "$1" != -p ]; do shift; done
                    echo "path $2"
                    [ -d "$2" ] && echo found
                    """);
            Output output = run(launcher, Map.of());
            output.contains("found");
            assertFalse(output.out().contains(":") || output.out().contains("!"), output.out());
        }
    }

    /** The JVM cannot find its own libraries in such a folder. */
    @Test
    void theImageRefusesAFolderWithAColon() throws Exception {
        Output output = run(install(Kind.IMAGE, folder.resolve("a:b"), PRINTS_ALL), Map.of());
        assertEquals(1, output.code(), output.out());
        assertTrue(output.err().contains("the name has a colon; rename the folder"), output.err());
    }

    /** A container often has no home folder, or one that cannot be written, and few programs. */
    @ParameterizedTest
    @MethodSource("kinds")
    void itNeedsNeitherAHomeNorMoreThanAFewPrograms(Kind kind) throws Exception {
        Path launcher =
                install(kind, folder.resolve("top"), "#!/bin/sh\nfor word in \"$@\"; do echo \"word $word\"; done\n");
        Path slim = Files.createDirectories(folder.resolve("slim"));
        for (String program : List.of("cat", "dirname", "find", "head", "readlink", "sed")) {
            Path found = Stream.of("/usr/bin", "/bin")
                    .map(each -> Path.of(each, program))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow();
            Files.createSymbolicLink(slim.resolve(program), found);
        }
        for (Map<String, String> environment : List.of(
                Map.<String, String>of(),
                Map.of("HOME", ""),
                // Even root cannot create files in these.
                Map.of("HOME", "/proc", "TMPDIR", "/proc"),
                Map.of("HOME", "/nonexistent", "TMPDIR", "/nonexistent"))) {
            Map<String, String> slimEnvironment = new HashMap<>(environment);
            slimEnvironment.put("PATH", slim.toString());
            Output output = run(launcher, slimEnvironment, "predict", "-q");
            assertEquals(0, output.code(), output.err());
            output.contains("word predict");
            assertEquals("", output.err());
        }
        for (String place : List.of("/proc", "/nonexistent")) {
            Output output = run(launcher, Map.of("HOME", place, "TMPDIR", place), "predict", "-q");
            assertEquals(0, output.code(), output.err());
            assertEquals("", output.err(), "with mktemp and mkfifo, but without a folder for the pipe");
        }
    }

    @Nested
    final class WithQuiet {
        private static final String WARNS = """
                #!/bin/sh
                echo 'WARNING: Using incubator modules: jdk.incubator.vector' >&2
                echo 'Picked up JAVA_TOOL_OPTIONS: -Xmx1g' >&2
                echo 'a message of the JVM' >&2
                echo 'an error of codanet' >&${CODANET_STDERR:-2}
                echo 'a result'
                exit 3
                """;

        @ParameterizedTest
        @MethodSource("org.codanet.cli.LauncherTest#kinds")
        void theJvmPrintsNoWarnings(Kind kind) throws Exception {
            Path launcher = install(kind, folder.resolve("top"), WARNS);
            for (String flag : List.of("-q", "--quiet")) {
                Output output = run(launcher, Map.of("TMPDIR", folder.toString()), "predict", flag, "x.png");
                assertEquals(3, output.code(), "the exit code of the JVM");
                assertEquals("a result\n", output.out());
                assertTrue(output.err().contains("an error of codanet\n"), "written before the launcher ends");
                // The filter may print after the launcher has ended.
                for (int i = 0;
                        i < 100 && !Files.readString(folder.resolve("err")).contains("of the JVM");
                        i++) {
                    Thread.sleep(50);
                }
                List<String> lines = Files.readAllLines(folder.resolve("err")).stream()
                        .sorted()
                        .toList();
                assertEquals(List.of("a message of the JVM", "an error of codanet"), lines);
            }
            assertTrue(
                    Samples.namesIn(folder).stream().noneMatch(name -> name.startsWith("codanet.")), "a pipe is left");
        }

        @ParameterizedTest
        @MethodSource("org.codanet.cli.LauncherTest#kinds")
        void otherwiseTheyRemain(Kind kind) throws Exception {
            Path launcher = install(kind, folder.resolve("top"), WARNS);
            for (String[] words : List.of(new String[] {"predict"}, new String[] {"predict", "--", "-q"})) {
                Output output = run(launcher, Map.of(), words);
                assertTrue(output.err().contains("WARNING: Using incubator modules"), output.err());
            }
        }
    }

    @Nested
    final class WhenItBuilds {
        private static final String BUILDS = """
                #!/bin/sh
                mkdir -p cli/target/app/modules cli/target/app/native
                : >cli/target/codanet-cli.jar
                for word in "$@"; do echo "$word" >>maven-words; done
                """;

        private Path launcher(String top, String java) throws IOException {
            script(folder.resolve("tools/mvn"), BUILDS);
            jdk(java);
            return copy("bin/codanet", folder.resolve(top));
        }

        /** The JVM rejects the archive if the name of a parent folder is not ASCII, such as {@code jörg}. */
        @Test
        void itDoesNotUseAClassArchiveThatTheJvmRejects() throws Exception {
            Path launcher = launcher("top", """
                    #!/bin/sh
                    case $1 in
                        -XX:ArchiveClassesAtExit=*) : >"${1#*=}" ;;
                        -XX:SharedArchiveFile=*) exit 1 ;;
                        *) echo "ran with $1" ;;
                    esac
                    """);

            run(launcher, Map.of("HOME", folder.toString())).contains("ran with -Xshare:auto");
        }

        @Test
        void itRefusesAFolderWithAColon() throws Exception {
            Output output = run(launcher("a:b", PRINTS_ALL), Map.of("HOME", folder.toString()));
            assertEquals(1, output.code(), output.out());
            assertTrue(output.err().contains("a colon") && output.err().contains("rename"), output.err());
        }

        /** Java reports the home folder "?" for an unknown user, for example in a container. */
        @Test
        void aUserWithoutHomeGetsNoFolderCalledQuestionMark() throws Exception {
            Path launcher = launcher("top", PRINTS_ALL);
            script(folder.resolve("tools/getent"), "#!/bin/sh\nexit 2\n");

            Output output = run(launcher, Map.of());

            assertEquals(0, output.code(), output.err());
            List<String> words = Files.readAllLines(folder.resolve("top/maven-words"));
            Path home = folder.resolve("top/target/launch/home");
            assertTrue(words.contains("-Duser.home=" + home), words.toString());
            assertTrue(words.contains("-Dmaven.repo.local=" + home.resolve(".m2/repository")), words.toString());
        }

        @Test
        void aUserWithHomeUsesTheirOwnLibraries() throws Exception {
            run(launcher("top", PRINTS_ALL), Map.of("HOME", folder.toString()));
            List<String> words = Files.readAllLines(folder.resolve("top/maven-words"));
            assertTrue(words.stream().noneMatch(word -> word.startsWith("-Dmaven.repo.local")), words.toString());
        }
    }

    private static Path copy(String name, Path top) throws IOException {
        Path root = Path.of("").toAbsolutePath();
        root = Files.isRegularFile(root.resolve(name)) ? root : root.getParent();
        Path launcher = Files.createDirectories(top.resolve("bin")).resolve("codanet");
        return script(launcher, Files.readString(root.resolve(name)));
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
