package org.codanet.cli.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The output of {@code --version}: the versions of codanet and of Java. */
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "codanet " + number(), "Java " + Runtime.version() + ", " + System.getProperty("java.vm.name")
        };
    }

    /** The version of codanet. */
    public static String number() {
        try (InputStream stream = Version.class.getResourceAsStream("version.properties")) {
            Properties properties = new Properties();
            properties.load(stream);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException("the resource with the version of codanet cannot be read", e);
        }
    }
}
