package org.codanet.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CacheFolderTest {
    private static final Map<String, String> PROPERTIES =
            Map.of("user.home", "/users/ann", "java.io.tmpdir", "/tmp", "user.name", "ann");

    private static Path folder(Map<String, String> properties, Map<String, String> environment) {
        return CacheFolder.path(
                name -> properties.getOrDefault(name, PROPERTIES.get(name)), name -> environment.get(name));
    }

    @Test
    void isTheFirstThatIsSet() {
        Map<String, String> all = Map.of("CODANET_CACHE", "/c", "XDG_CACHE_HOME", "/x");
        assertEquals(Path.of("/p"), folder(Map.of("codanet.cache", "/p"), all));
        assertEquals(Path.of("/c"), folder(Map.of(), all));
        assertEquals(Path.of("/x/codanet"), folder(Map.of(), Map.of("XDG_CACHE_HOME", "/x")));
        assertEquals(Path.of("/users/ann/.cache/codanet"), folder(Map.of(), Map.of("XDG_CACHE_HOME", "x")));
    }

    /** Java calls the home folder of an unknown user "?". */
    @Test
    void isATemporaryFolderIfTheUserHasNoHome() {
        for (String home : new String[] {"?", "", " "}) {
            assertEquals(Path.of("/tmp/codanet-ann"), folder(Map.of("user.home", home), Map.of()));
        }
        assertEquals(Path.of("/tmp/codanet-_"), folder(Map.of("user.home", "?", "user.name", "?"), Map.of()));
    }
}
