package org.codanet.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.file.npy.NpyWriter;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AtomicFileTest {
    private static final byte[] CONTENT = {1, 2, 3};

    @TempDir
    Path folder;

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> !Files.isDirectory(file)).sorted().toList();
        }
    }

    @Nested
    final class ASymbolicLink {
        @Test
        void isFollowedAndRemains() throws IOException {
            Path target =
                    Files.write(Files.createDirectory(folder.resolve("far")).resolve("file"), new byte[9]);
            Path near = Files.createSymbolicLink(folder.resolve("far/near"), Path.of("file"));
            Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("far/near"));

            AtomicFile.replace(link, CONTENT);

            assertTrue(Files.isSymbolicLink(link) && Files.isSymbolicLink(near), "the links were replaced");
            assertArrayEquals(CONTENT, Files.readAllBytes(target));
            assertEquals(List.of(target, near, link), files());
        }

        @Test
        void maySayWhereAFileShallBeCreated() throws IOException {
            Path link = Files.createSymbolicLink(folder.resolve("link.npy"), Path.of("new.npy"));
            try (NpyWriter writer = NpyWriter.create(link, List.of(2))) {
                writer.append(new float[2]);
            }
            assertTrue(Files.isSymbolicLink(link));
            assertTrue(Files.isRegularFile(folder.resolve("new.npy")));
        }

        @Test
        void mayLeadToAFolderOfResults() throws IOException {
            Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("new/runs"));
            OutputFolder.create(link);
            assertTrue(Files.isDirectory(folder.resolve("new/runs")));
        }

        @Test
        void isRefusedIfItLeadsBackToItself() throws IOException {
            Path one = folder.resolve("one");
            Files.createSymbolicLink(one, Path.of("two"));
            Files.createSymbolicLink(folder.resolve("two"), Path.of("one"));

            IOException thrown = assertThrows(IOException.class, () -> AtomicFile.replace(one, CONTENT));

            assertEquals("cannot write " + one + ": its symbolic links lead back to themselves", thrown.getMessage());
        }
    }

    @Test
    void aNameMayHave255Bytes() throws IOException {
        Path file = FileName.resolve(folder, "ä".repeat(125) + "x.png");
        AtomicFile.replace(file, CONTENT);
        assertArrayEquals(CONTENT, Files.readAllBytes(file));
        assertEquals(List.of(file), files());
    }

    /** {@code /dev/stdout} may be a link to a file that also receives other output. */
    @Test
    void anOpenFileOfTheProcessIsWrittenIntoAndNotReplaced() throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        Skip.unless(Files.isDirectory(descriptors), "this system has no /proc");
        Path file = Files.write(folder.resolve("log"), CONTENT);
        Object before = Files.getAttribute(file, "unix:ino");
        try (FileChannel open = FileChannel.open(file, StandardOpenOption.WRITE);
                Stream<Path> links = Files.list(descriptors)) {
            assertTrue(open.isOpen());
            Path link = links.filter(path -> leadsTo(path, file)).findFirst().orElseThrow();
            AtomicFile.replace(link, CONTENT);
        }
        assertArrayEquals(new byte[] {1, 2, 3, 1, 2, 3}, Files.readAllBytes(file));
        assertEquals(before, Files.getAttribute(file, "unix:ino"));
    }

    private static boolean leadsTo(Path link, Path file) {
        try {
            return Files.readSymbolicLink(link).equals(file.toRealPath());
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aFailureLeavesTheOldFileAndNoOther() throws IOException {
        Path file = Files.write(folder.resolve("file"), CONTENT);
        assertThrows(
                IOException.class,
                () -> AtomicFile.write(file, channel -> {
                    throw new IOException("no space");
                }));
        assertEquals(List.of(file), files());
        assertArrayEquals(CONTENT, Files.readAllBytes(file));
        assertFalse(Files.exists(folder.resolve(".file")));
    }
}
