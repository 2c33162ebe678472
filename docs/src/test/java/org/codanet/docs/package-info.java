/**
 * Tests that hold documents and modules to their word: what the documents link to and say exists, and the arrows between modules
 * and packages that {@code docs/architecture.md} draws are the only ones.
 */
package org.codanet.docs;
