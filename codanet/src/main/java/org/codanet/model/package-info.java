/**
 * The paper's network: what it is made of ({@link org.codanet.model.CodaNetConfig}), which ones have names
 * ({@link org.codanet.model.Experiments}), and the files that hold its weights ({@link org.codanet.model.ModelFile}).
 */
package org.codanet.model;
