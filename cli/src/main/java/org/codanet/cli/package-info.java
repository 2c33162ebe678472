/**
 * The command line. {@link org.codanet.cli.Main} is the entry point, to be read first. Every command is a class of {@code
 * org.codanet.cli.command}, which parses its options, calls the library and prints. Results go to standard output, everything
 * else to standard error. {@link org.codanet.cli.console.ExitCodes} lists the exit codes.
 */
package org.codanet.cli;
