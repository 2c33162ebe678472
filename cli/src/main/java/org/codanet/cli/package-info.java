/**
 * The command line. Read {@link org.codanet.cli.Main} first; it is the entry point. Every command is a class of {@code
 * org.codanet.cli.command} that parses its options, calls the library and prints the result. Results go to standard output, everything
 * else to standard error. {@link org.codanet.cli.console.ExitCodes} lists the exit codes.
 */
package org.codanet.cli;
