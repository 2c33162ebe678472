package org.codanet.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where oneDNN is searched for. Every test loads it in a child JVM. */
final class OneDnnSearchTest {
    @TempDir
    Path folder;

    @Test
    void theBundledJarIsUnpackedIntoTheCacheAndUsed() throws Exception {
        String output = load(Map.of());
        assertTrue(output.contains("origin=bundled jar"), output);
        assertTrue(output.contains("path=" + folder.resolve("cache").toRealPath()), output);
        assertTrue(output.contains("version=3."), output);
        assertEquals(List.of("libdnnl.so.3", "libgomp.so.1"), unpacked());
    }

    @Test
    void theCacheCanBeSetByTheVariable() throws Exception {
        String output = ChildJvm.start(
                        LoadOneDnn.class,
                        Map.of(),
                        Map.of("CODANET_CACHE", folder.resolve("elsewhere").toString()))
                .output();
        assertTrue(output.contains("path=" + folder.toRealPath().resolve("elsewhere")), output);
    }

    @Test
    void aConfiguredFolderIsPreferredToTheBundledJar() throws Exception {
        Path library = copyOfTheLibrary();
        String output = load(Map.of("codanet.dnnl.path", library.getParent().toString()));
        assertTrue(output.contains("origin=-Dcodanet.dnnl.path"), output);
        assertTrue(output.contains("path=" + library), output);
    }

    @Test
    void thePropertyIsPreferredToTheVariable() throws Exception {
        Path library = copyOfTheLibrary();
        String output = ChildJvm.start(
                        LoadOneDnn.class,
                        Map.of("codanet.dnnl.path", library.toString(), "codanet.cache", cache()),
                        Map.of("CODANET_DNNL_PATH", folder.resolve("absent").toString()))
                .output();
        assertTrue(output.contains("origin=-Dcodanet.dnnl.path"), output);
    }

    @Test
    void theSystemsLinkerIsSearchedLast() throws Exception {
        Path library = copyOfTheLibrary();
        String output = ChildJvm.startWithoutCarrier(
                        LoadOneDnn.class,
                        Map.of(),
                        Map.of("LD_LIBRARY_PATH", library.getParent().toString()))
                .output();
        assertTrue(output.contains("origin=system libraries"), output);
        assertTrue(output.contains("path=" + library), output);
        assertTrue(output.contains("rejected=bundled jar: "), output);
    }

    @Test
    void everyCandidateIsListedWithItsReason() throws Exception {
        String output = ChildJvm.startWithoutCarrier(LoadOneDnn.class, Map.of(), Map.of("LD_LIBRARY_PATH", ""))
                .output();
        assertTrue(output.contains("failed=oneDNN could not be loaded"), output);
        assertTrue(output.contains("no jar on the class path has it"), output);
        assertTrue(output.contains("libdnnl.so.3: cannot open shared object file"), output);
        assertTrue(output.contains("-Dcodanet.dnnl.path=FILE"), output);
    }

    @Test
    void aConfiguredPathThatIsWrongIsNotReplacedByAnotherLibrary() throws Exception {
        Path text = Files.writeString(
                folder.resolve("libdnnl.so.3"),
                "not a library, and longer than an ELF header: "
                        + "a file of fewer than 64 bytes would be called too short instead");
        String output = load(Map.of("codanet.dnnl.path", text.toString()));
        assertTrue(output.contains("invalid ELF header"), output);
        assertFalse(output.contains("origin="), output);
    }

    @Test
    void aLibraryWithoutOurFunctionsIsRejectedByName() throws Exception {
        load(Map.of());
        Path another = cached("libgomp.so.1");
        String output = load(Map.of("codanet.dnnl.path", another.toString()));
        assertTrue(output.contains("functions needed: dnnl_"), output);
    }

    @Test
    void twoJvmsThatStartTogetherBothGetAWholeLibrary() throws Exception {
        List<ChildJvm> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            both.add(ChildJvm.start(
                    LoadOneDnn.class, Map.of("codanet.cache", cache(), "codanet.test.wait", "true"), Map.of()));
        }
        for (ChildJvm each : both) {
            each.release();
        }
        for (ChildJvm each : both) {
            String output = each.output();
            assertTrue(output.contains("origin=bundled jar"), output);
        }
        assertEquals(List.of("libdnnl.so.3", "libgomp.so.1"), unpacked());
    }

    @Test
    void aDamagedFileInTheCacheIsReplaced() throws Exception {
        load(Map.of());
        Path library = cached("libdnnl.so.3");
        long size = Files.size(library);
        byte[] bytes = Files.readAllBytes(library);
        // Flips one bit far from the header. Neither the size nor the dynamic linker reveals it.
        bytes[bytes.length / 2] ^= 1;
        Files.write(library, bytes);
        Path cutShort = cached("libgomp.so.1");
        Files.write(cutShort, new byte[100]);

        String output = load(Map.of());

        assertTrue(output.contains("origin=bundled jar"), output);
        assertEquals(size, Files.size(library));
        bytes[bytes.length / 2] ^= 1;
        org.junit.jupiter.api.Assertions.assertArrayEquals(bytes, Files.readAllBytes(library));
        assertTrue(Files.size(cutShort) > 100);
    }

    @Test
    void filesOfAKilledJvmAreRemovedAndFilesOfARunningJvmAreNot() throws Exception {
        load(Map.of());
        Path library = cached("libdnnl.so.3");
        Path old = Files.createFile(library.resolveSibling("libdnnl.so.3.1.part"));
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(1))));
        Path fresh = Files.createFile(library.resolveSibling("libdnnl.so.3.2.part"));
        Files.delete(library);

        load(Map.of());

        assertFalse(Files.exists(old));
        assertTrue(Files.exists(fresh));
    }

    @Test
    void aCacheThatCannotBeWrittenIsNamed() throws Exception {
        Path file = Files.createFile(folder.resolve("occupied"));
        String output = ChildJvm.start(
                        LoadOneDnn.class,
                        Map.of("codanet.cache", file.resolve("below").toString()),
                        Map.of("LD_LIBRARY_PATH", ""))
                .output();
        assertTrue(output.contains("could not be unpacked below " + file), output);
        assertTrue(output.contains("-Dcodanet.cache=DIR"), output);
    }

    private String cache() {
        return folder.resolve("cache").toString();
    }

    private String load(Map<String, String> properties) throws Exception {
        Map<String, String> all = new java.util.TreeMap<>(properties);
        all.put("codanet.cache", cache());
        return ChildJvm.start(LoadOneDnn.class, all, Map.of()).output();
    }

    private Path copyOfTheLibrary() throws Exception {
        load(Map.of());
        Path target = Files.createDirectories(folder.resolve("copy")).toRealPath();
        for (String file : List.of("libdnnl.so.3", "libgomp.so.1")) {
            Files.createLink(target.resolve(file), cached(file));
        }
        return target.resolve("libdnnl.so.3");
    }

    private Path cached(String file) throws IOException {
        try (Stream<Path> all = Files.walk(folder.resolve("cache"))) {
            return all.filter(path -> path.endsWith(file)).findFirst().orElseThrow();
        }
    }

    private List<String> unpacked() throws IOException {
        try (Stream<Path> all = Files.walk(folder.resolve("cache"))) {
            return all.filter(Files::isRegularFile)
                    .map(path -> path.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }
}
