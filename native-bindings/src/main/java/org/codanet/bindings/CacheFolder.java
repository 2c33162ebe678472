package org.codanet.bindings;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * The cache folder of this user. Its contents may be deleted at any time.
 *
 * <p>It is the first of these that is set: the system property {@code codanet.cache}, the environment variable {@code CODANET_CACHE},
 * {@code $XDG_CACHE_HOME/codanet}, {@code ~/.cache/codanet}. If the user has no home folder, it is a folder of the user in the
 * folder of temporary files. A relative {@code XDG_CACHE_HOME} is ignored, as the XDG base directory
 * specification asks.
 */
public final class CacheFolder {
    private CacheFolder() {}

    /** The absolute path of the folder, which may not exist yet. */
    public static Path path() {
        return path(System::getProperty, System::getenv);
    }

    static Path path(UnaryOperator<String> property, UnaryOperator<String> environment) {
        for (String configured : new String[] {property.apply("codanet.cache"), environment.apply("CODANET_CACHE")}) {
            if (configured != null && !configured.isBlank()) {
                return Path.of(configured).toAbsolutePath().normalize();
            }
        }
        String xdg = environment.apply("XDG_CACHE_HOME");
        if (xdg != null && xdg.startsWith("/")) {
            return Path.of(xdg, "codanet").normalize();
        }
        String home = property.apply("user.home");
        // Java calls the home folder "?" if neither HOME nor the user database names one, as for an unknown user in a
        // container.
        return home == null || home.isBlank() || home.equals("?")
                ? Path.of(
                                property.apply("java.io.tmpdir"),
                                "codanet-" + property.apply("user.name").replaceAll("\\W", "_"))
                        .toAbsolutePath()
                        .normalize()
                : Path.of(home, ".cache", "codanet").toAbsolutePath().normalize();
    }
}
