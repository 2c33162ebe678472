package org.codanet.cli.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The description of the HTTP interface in OpenAPI 3.1. */
public final class OpenApi {
    private OpenApi() {}

    /** {@return the description as JSON} */
    public static String text() {
        try (InputStream stream = OpenApi.class.getResourceAsStream("openapi.json")) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the description of the interface cannot be read", e);
        }
    }
}
