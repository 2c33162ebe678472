package org.codanet.testing;

import java.io.IOException;
import java.nio.file.Path;
import org.codanet.data.decode.Images;
import org.codanet.file.FileFormatException;

/** Program that reads one picture and prints its extents, or why it cannot be read, then a property of the JVM. */
public final class PictureReader {
    private PictureReader() {}

    public static void main(String[] arguments) throws IOException {
        try {
            System.out.println(Images.read(Path.of(arguments[0])));
        } catch (FileFormatException e) {
            System.out.println(e.getMessage());
        }
        System.out.println("headless: " + System.getProperty("java.awt.headless"));
    }
}
