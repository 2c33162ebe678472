package org.codanet.bindings;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * The folder of this user that codanet may fill and that may be deleted at any time.
 *
 * <p>The system property {@code codanet.cache}, else the environment variable {@code CODANET_CACHE}, else
 * {@code $XDG_CACHE_HOME/codanet} if that variable holds an absolute path (the XDG base directory specification says to
 * ignore a relative one), else {@code ~/.cache/codanet}.
 */
public final class CacheFolder {
    private CacheFolder() {}

    /** The folder, absolute; it may not exist yet. */
    public static Path path() {
        return path(System::getProperty, System::getenv);
    }

    static Path path(UnaryOperator<String> property, UnaryOperator<String> environment) {
        for (String stated : new String[] {property.apply("codanet.cache"), environment.apply("CODANET_CACHE")}) {
            if (stated != null && !stated.isBlank()) {
                return Path.of(stated).toAbsolutePath().normalize();
            }
        }
        String xdg = environment.apply("XDG_CACHE_HOME");
        Path base = xdg != null && xdg.startsWith("/")
                ? Path.of(xdg)
                : Path.of(property.apply("user.home"), ".cache").toAbsolutePath();
        return base.resolve("codanet").normalize();
    }
}
