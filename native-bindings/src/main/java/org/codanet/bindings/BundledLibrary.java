package org.codanet.bindings;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A library inside a jar on the class path.
 *
 * @param folder the folder of the library in the jar, ending in a slash
 * @param fileNames possible names of the library, the preferred one first
 * @param together matches all files of the folder that must be unpacked into one folder, including the library
 * @param cache folder to unpack into
 */
record BundledLibrary(String folder, List<String> fileNames, Pattern together, Path cache)
        implements NativeLibrary.Source {

    @Override
    public String origin() {
        return "bundled jar";
    }

    @Override
    public List<String> candidates() throws NativeLibrary.Unusable {
        for (String fileName : fileNames) {
            URL found = ClassLoader.getSystemResource(folder + fileName);
            if (found != null) {
                return List.of(file(found, fileName).toString());
            }
        }
        throw new NativeLibrary.Unusable(folder + String.join(" or ", fileNames), "no jar on the class path has it");
    }

    private Path file(URL found, String fileName) throws NativeLibrary.Unusable {
        try {
            if (found.openConnection() instanceof JarURLConnection jar) {
                return UnpackedJar.folder(Path.of(jar.getJarFileURL().toURI()), folder, together, cache)
                        .resolve(fileName);
            }
            return Path.of(found.toURI());
        } catch (IOException | URISyntaxException failure) {
            throw new NativeLibrary.Unusable(
                    found.toString(),
                    "could not be unpacked below " + cache + " (another folder: -Dcodanet.cache=DIR): " + failure);
        }
    }
}
