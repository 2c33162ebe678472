/** Output, progress, errors and exit codes. */
package org.codanet.cli.console;
