/** One class for each command: it parses, makes one call and prints. */
package org.codanet.cli.command;
