package org.codanet.testing;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.codanet.file.FileName;

/** A program for {@link OwnJvm}: prints the relative path of the only file in a folder, and writes another one. */
public final class NameLister {
    private NameLister() {}

    public static void main(String[] args) throws IOException {
        Path root = Path.of(args[0]);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (Stream<Path> files = Files.walk(root)) {
            Path file = files.filter(Files::isRegularFile).findFirst().orElseThrow();
            out.print(FileName.text(root.relativize(file)));
        }
        Path made = Files.createDirectory(FileName.resolve(root, "Ünï"));
        Files.createFile(FileName.resolve(made, "ß %+.png"));
        out.println(" written Ünï/ß.png");
    }
}
