# One controller. The environment says which one it is and who its peers are: see docker-compose.yml.
FROM node:24-slim

WORKDIR /opt/memchorus

# The dependencies change more rarely than the source, so they have a layer of their own. Their install scripts do not run:
# the only one that matters fetches a Node.js, which this image has.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

COPY main.ts config.ini ./
COPY src ./src
COPY deploy/docker ./deploy/docker

# The only directory that the user may write to. A volume that is mounted there for the first time belongs to this user too.
RUN mkdir /var/lib/memchorus && chown node:node /var/lib/memchorus
VOLUME /var/lib/memchorus

USER node
ENV NODE_ENV=production MEMCHORUS_LOG_FILE=- MEMCHORUS_RUN_DIR=/var/lib/memchorus
EXPOSE 8000

HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
  CMD ["bash", "deploy/docker/health.sh"]

# SIGTERM goes to the controller itself. Run the container with an init (`init: true`), which reaps processes that it leaves.
CMD ["node", "main.ts"]
