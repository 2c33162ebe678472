/**
 * Output, progress, error messages and exit codes. Read {@link org.codanet.cli.console.Console} first, then {@link
 * org.codanet.cli.console.Failures}, which turns exceptions into messages.
 */
package org.codanet.cli.console;
