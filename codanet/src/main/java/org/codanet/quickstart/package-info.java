/**
 * Training and explanation in one call: {@link org.codanet.quickstart.Quickstart} trains a small network on
 * images that come with the program, and explains some test images. It also shows how training and reports are used together.
 */
package org.codanet.quickstart;
