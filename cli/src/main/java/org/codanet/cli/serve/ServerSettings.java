package org.codanet.cli.serve;

import java.io.Writer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * Where a server listens and what it accepts.
 *
 * @param address to listen at; port 0 takes a free one
 * @param tls certificate and key; empty for plain HTTP
 * @param token that clients must present; empty for none
 * @param maxBody bytes of the largest body
 * @param bodyTimeout the longest time to receive a body
 * @param callTimeout the longest time for one explanation, and its default
 * @param maxPixels pixels of the largest picture
 * @param accessLog gets one line of JSON for each request; empty for none
 */
public record ServerSettings(
        InetSocketAddress address,
        Optional<SSLContext> tls,
        Optional<String> token,
        int maxBody,
        Duration bodyTimeout,
        Duration callTimeout,
        long maxPixels,
        Optional<Writer> accessLog) {}
