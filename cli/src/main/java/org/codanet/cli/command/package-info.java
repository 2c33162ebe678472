/**
 * One class for each command. A command parses its options, makes one call into {@code org.codanet} and prints the result. Read
 * {@link org.codanet.cli.command.PredictCommand} first. Options that several commands share are in {@code
 * org.codanet.cli.option}.
 */
package org.codanet.cli.command;
