/** Golden vectors: files of expected numbers, where they come from and how tests read them. */
package org.codanet.golden;
