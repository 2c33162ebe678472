/** The paper's network: what it is made of, and the order of its weights. Start with {@link org.codanet.model.CodaNetConfig}. */
package org.codanet.model;
