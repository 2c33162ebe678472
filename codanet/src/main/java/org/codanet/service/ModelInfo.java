package org.codanet.service;

import org.codanet.model.CodaNetConfig;
import org.codanet.model.Preprocessing;

/**
 * A model of a service.
 *
 * @param name under which calls ask for it
 * @param version 1 for the file that the service was built with, and one more for each replacement
 * @param config the network and the names of its classes
 * @param preprocessing channels and extents of the images that it reads
 */
public record ModelInfo(String name, int version, CodaNetConfig config, Preprocessing preprocessing) {}
