package org.codanet.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.codanet.testing.NameLister;
import org.codanet.testing.OwnJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FileNameTest {
    @TempDir
    Path folder;

    /** The path of a file whose name consists of these bytes. Bytes that are not ASCII are percent-encoded. */
    private Path path(String encoded) {
        return Path.of(URI.create("file://" + folder.toUri().getRawPath() + encoded));
    }

    private static String run(String locale, Path folder) throws Exception {
        ProcessBuilder builder = OwnJvm.of(NameLister.class, List.of(), List.of(folder.toString()))
                .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
        builder.environment().put("LC_ALL", locale);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.strip();
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "C.UTF-8", "xx_XX.UTF-8"})
    void namesAreUtf8InEveryLocale(String locale) throws Exception {
        Files.createDirectory(path("h%C3%B6he"));
        Files.createFile(path("h%C3%B6he/%F0%9F%A6%89%20x.png"));

        assertTrue(run(locale, folder).endsWith("höhe/🦉 x.png written Ünï/ß.png"), () -> "in the locale " + locale);

        assertTrue(Files.exists(path("%C3%9Cn%C3%AF/%C3%9F%20%25+.png")));
    }

    @Test
    void aNameThatIsNotUtf8IsShownWithEscapesAndNeverStored() throws IOException {
        Path latin = Files.createDirectory(path("caf%E9%C3%B6"));

        assertEquals("caf\\xE9ö", FileName.text(latin.getFileName()));
        assertTrue(FileName.text(latin).endsWith("/caf\\xE9ö"), FileName.text(latin));
        IOException thrown = assertThrows(FileFormatException.class, () -> FileName.of(latin));
        assertTrue(thrown.getMessage().contains("caf\\xE9ö: the name is not UTF-8"), thrown.getMessage());
    }

    @Test
    void otherNamesAreUnchanged() throws IOException {
        assertEquals("a b%20.png", FileName.of(Path.of("x", "a b%20.png")));
        assertEquals("x/a b%20.png", FileName.text(Path.of("x", "a b%20.png")));
        assertEquals(Path.of("x", "y"), FileName.resolve(Path.of("x"), "y"));
    }
}
