/**
 * Networks for a given folder of images: an experiment or a config adapted to its classes and sizes ({@link
 * org.codanet.adapt.AdaptedNetwork}, read this first), or a new network ({@link org.codanet.adapt.StarterNetwork}), and the JSON file in
 * which such a network is stored ({@link org.codanet.adapt.NetworkConfigFile}). Training itself is in {@code org.codanet.train}.
 */
package org.codanet.adapt;
