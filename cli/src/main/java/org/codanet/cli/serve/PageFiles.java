package org.codanet.cli.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The page at {@code /}, with its script, its style sheet and its sample pictures. It loads nothing from elsewhere. */
final class PageFiles {
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
                    + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final Map<String, Reply> files = new TreeMap<>();

    PageFiles() {
        files.put("", resource("page.html", "text/html; charset=utf-8"));
        files.put("page.css", resource("page.css", "text/css; charset=utf-8"));
        files.put("page.js", resource("page.js", "text/javascript; charset=utf-8"));
        SamplePictures.all().forEach((name, png) -> files.put("samples/" + name + ".png", file("image/png", png)));
    }

    private static Reply resource(String name, String type) {
        try (InputStream stream = PageFiles.class.getResourceAsStream(name)) {
            return file(type, stream.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("the resource " + name + " cannot be read", e);
        }
    }

    private static Reply file(String type, byte[] bytes) {
        return Reply.of(type, bytes).with("Content-Security-Policy", POLICY).with("Referrer-Policy", "no-referrer");
    }

    boolean has(List<String> path) {
        return files.containsKey(String.join("/", path));
    }

    Reply answer(List<String> path) {
        return files.get(String.join("/", path));
    }
}
