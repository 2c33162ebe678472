/**
 * The paper's network. Read {@link org.codanet.model.CodaNetConfig} first, the architecture as a value, then {@link
 * org.codanet.model.CodaNet}, the network on a device. {@link org.codanet.model.Experiments} lists the architectures that have names, and
 * {@link org.codanet.model.ModelFile} is a network in a file. The code that runs a network is in {@code org.codanet.run}.
 */
package org.codanet.model;
