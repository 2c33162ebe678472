/** Groups of options that several commands share. */
package org.codanet.cli.option;
