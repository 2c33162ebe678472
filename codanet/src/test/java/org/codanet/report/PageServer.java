package org.codanet.report;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;

/** Serves a folder on the loopback interface, with a Content-Security-Policy that forbids everything inline. */
final class PageServer implements AutoCloseable {
    private final HttpServer server;

    PageServer(Path folder) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var files = SimpleFileServer.createFileHandler(folder.toAbsolutePath());
        server.createContext("/", exchange -> {
            exchange.getResponseHeaders().set("Content-Security-Policy", "default-src 'self'");
            files.handle(exchange);
        });
        server.start();
    }

    /** The address of a file in the folder. */
    URI address(String file) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/" + file);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
