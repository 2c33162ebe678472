/**
 * Tests that compare documents with the code: links and commands in documents are valid, and the dependencies between modules and packages
 * are exactly those that {@code docs/architecture.md} draws.
 */
package org.codanet.docs;
