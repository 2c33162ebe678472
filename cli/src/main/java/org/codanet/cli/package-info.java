/**
 * The command line: one class a command, each of which parses, calls the library and prints. Results go to standard
 * output, everything else to standard error; exit codes are 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C, 141 stopped because
 * nobody reads the output any more. Read {@link org.codanet.cli.Main} first.
 */
package org.codanet.cli;
