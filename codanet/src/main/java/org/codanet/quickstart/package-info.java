/**
 * Training and explanation in one call: {@link org.codanet.quickstart.Quickstart} trains a small network, by default on bundled images, and
 * explains some test images. It also shows how training and reports are used together.
 */
package org.codanet.quickstart;
