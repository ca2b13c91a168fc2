# One controller. Which one, and who its peers are, comes from the environment: see docker-compose.yml.
FROM node:24-slim

WORKDIR /opt/memchorus

# The dependencies change more rarely than the source, so they are a layer of their own. Their scripts are not
# run: the only one fetches a Node.js, and this image is one.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

COPY main.ts config.ini ./
COPY src ./src
COPY deploy/docker ./deploy/docker

# The one place that the user may write to. A volume that is mounted there for the first time is this user's too.
RUN mkdir /var/lib/memchorus && chown node:node /var/lib/memchorus
VOLUME /var/lib/memchorus

USER node
ENV NODE_ENV=production MEMCHORUS_LOG_FILE=- MEMCHORUS_RUN_DIR=/var/lib/memchorus
EXPOSE 8000

HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
  CMD ["bash", "deploy/docker/health.sh"]

# SIGTERM goes to the controller itself; run with an init (`init: true`) that reaps what it leaves.
CMD ["node", "main.ts"]
