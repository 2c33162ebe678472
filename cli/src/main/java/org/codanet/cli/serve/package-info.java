/**
 * The HTTP server of {@code codanet serve}, on the JDK's {@code jdk.httpserver}. {@code WebServer} reads requests within limits, asks {@code Routes}
 * for a {@code Reply}, writes it, and logs it. {@code InferEndpoint} speaks the Open Inference Protocol v2, {@code ExplainEndpoint} answers
 * pictures. A refusal is an {@code HttpFailure}: a status and one sentence.
 */
package org.codanet.cli.serve;
